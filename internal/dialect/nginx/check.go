package nginx

// check notes what nginx would refuse to load.
func (c *config) check() {}
