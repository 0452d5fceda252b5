"""The goals service: owns which goals exist, how they are measured and how they were seen to move."""
