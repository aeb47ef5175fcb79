"""What detectors are told: few things, found among the turns of many flows."""
