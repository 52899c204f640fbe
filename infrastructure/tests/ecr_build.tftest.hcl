# Module ecr/build: what triggers a build, and what is refused. Only plans, because an apply would run the build even with
# terraform_data overridden. test_build_script.py covers build.sh, and test_build_trigger.py the trigger on changing files.

variables {
  context        = "tests/fixtures/image/service"
  dockerfile     = "tests/fixtures/image/service/Dockerfile"
  repository_url = "123456789012.dkr.ecr.ap-south-1.amazonaws.com/store_sales_test"
  region         = "ap-south-1"
}

run "image" {
  command = plan

  module {
    source = "./modules/ecr/build"
  }

  assert {
    condition     = can(regex("^sha-[0-9a-f]{32}$", output.image_tag))
    error_message = "The tag must come from the hash: ${output.image_tag}"
  }

  assert {
    condition     = terraform_data.image.triggers_replace == { repository_url = var.repository_url, tag = output.image_tag }
    error_message = "Only a new image or a new repository may trigger a build."
  }
}

run "tests_and_training_are_not_built" {
  command = plan

  module {
    source = "./modules/ecr/build"
  }

  variables {
    context = "tests/fixtures/image/other_tests"
  }

  assert {
    condition     = output.image_tag == run.image.image_tag
    error_message = "A file that .dockerignore excludes must not trigger a build."
  }
}

run "code_is_built" {
  command = plan

  module {
    source = "./modules/ecr/build"
  }

  variables {
    context = "tests/fixtures/image/other_code"
  }

  assert {
    condition     = output.image_tag != run.image.image_tag
    error_message = "A change of the code must trigger a build."
  }
}

run "dockerfile_is_built" {
  command = plan

  module {
    source = "./modules/ecr/build"
  }

  variables {
    dockerfile = "tests/fixtures/image/Dockerfile.other"
  }

  assert {
    condition     = output.image_tag != run.image.image_tag
    error_message = "A change of the Dockerfile must trigger a build."
  }
}

run "build_argument_is_built" {
  command = plan

  module {
    source = "./modules/ecr/build"
  }

  variables {
    build_args = { BASE_IMAGE = "another" }
  }

  assert {
    condition     = output.image_tag != run.image.image_tag
    error_message = "A change of a build argument must trigger a build."
  }
}

run "platform_is_built" {
  command = plan

  module {
    source = "./modules/ecr/build"
  }

  variables {
    architecture = "arm64"
  }

  assert {
    condition     = output.image_tag != run.image.image_tag
    error_message = "Another architecture must trigger a build."
  }
}

run "engine_is_not_built" {
  command = plan

  module {
    source = "./modules/ecr/build"
  }

  variables {
    container_engine = "podman"
    password_command = "echo secret"
  }

  assert {
    condition     = output.image_tag == run.image.image_tag
    error_message = "The engine and the password command must not change the image."
  }
}

run "missing_dockerfile" {
  command = plan

  module {
    source = "./modules/ecr/build"
  }

  variables {
    dockerfile = "tests/fixtures/image/service/Dockerfile.missing"
  }

  expect_failures = [terraform_data.image]
}

run "missing_context" {
  command = plan

  module {
    source = "./modules/ecr/build"
  }

  variables {
    context = "tests/fixtures/image/missing"
  }

  expect_failures = [terraform_data.image]
}

run "refuses_wrong_values" {
  command = plan

  module {
    source = "./modules/ecr/build"
  }

  variables {
    context          = ""
    architecture     = "amd64"
    container_engine = "kaniko"
    build_args       = { "BASE IMAGE" = "python" }
    password_command = " "
  }

  expect_failures = [
    var.context,
    var.architecture,
    var.container_engine,
    var.build_args,
    var.password_command,
  ]
}

run "refuses_arguments_of_several_lines" {
  command = plan

  module {
    source = "./modules/ecr/build"
  }

  variables {
    build_args = { BASE_IMAGE = "python\nOTHER=1" }
  }

  expect_failures = [var.build_args]
}
