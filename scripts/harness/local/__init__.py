"""A stack on this machine, as processes or in containers: started, filled, measured, stopped, removed."""
