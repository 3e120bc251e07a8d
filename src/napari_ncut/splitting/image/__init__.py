"""What the image adds to the shape: statistics, ridges, gradients, and the basins they divide."""
