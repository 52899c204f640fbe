"""What command lines get so that they use the emulator in place of AWS: variables, and programs first in the PATH.

`folder` makes the folder with the programs `docker` and `aws`, `environment` the variables. The programs run in the
user's scripts, so these modules import little, and neither LocalStack nor moto.
"""
