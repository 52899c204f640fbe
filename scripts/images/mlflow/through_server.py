"""MLflow artifact repository for s3:// without presigned URLs: every byte goes through the tracking server.

With MLflow's own S3 repository the server (3.17, handlers.py) offers presigned downloads, which clients use by default.
Here such a URL contains the server's name for LocalStack, http://localstack:4566. A client outside the compose network
would retry it for ten minutes. The Dockerfile registers this as a plugin (entry point `mlflow.artifact_repository`).
"""

from typing import Any

from mlflow.store.artifact.artifact_repo import ArtifactRepository
from mlflow.store.artifact.s3_artifact_repo import S3ArtifactRepository


class ThroughServerRepository(ArtifactRepository):  # type: ignore[misc]
    """S3 without the mix-ins by which the server recognizes support for presigned and multipart transfers."""

    def __init__(self, artifact_uri: str, *arguments: Any, **options: Any) -> None:
        super().__init__(artifact_uri, *arguments, **options)
        self._s3 = S3ArtifactRepository(artifact_uri)

    def log_artifact(self, local_file: str, artifact_path: str | None = None) -> None:
        """Upload one file."""
        self._s3.log_artifact(local_file, artifact_path)

    def log_artifacts(self, local_dir: str, artifact_path: str | None = None) -> None:
        """Upload a folder."""
        self._s3.log_artifacts(local_dir, artifact_path)

    def list_artifacts(self, path: str | None = None) -> Any:
        """List a folder."""
        return self._s3.list_artifacts(path)

    def _download_file(self, remote_file_path: str, local_path: str) -> None:
        self._s3._download_file(remote_file_path, local_path)

    def delete_artifacts(self, artifact_path: str | None = None) -> None:
        """Delete a file or a folder."""
        self._s3.delete_artifacts(artifact_path)
