"""`make bench`: what the job costs, as ratios of things run one after the other on one machine."""
