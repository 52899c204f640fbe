"""What the emulator does with each attribute that the root module sets: enforced, emulated or ignored.

`attributes` reads the Terraform plan, `readback` finds out which values are stored, `probes` which have an effect,
`verdicts` combines both, and `report` shows the result.
"""
