"""`pipeline capacity`: whether a stage's settings carry a load, and what would."""
