"""What the emulator does with each attribute that the root module sets: enforced, emulated or ignored.

`attributes` reads the Terraform plan, `readback` finds out what is kept, `probes` what has an effect, `verdicts` weighs
both, `report` shows it.
"""
