//go:build linux

package engine

// BreakMapping has all mappings fail from now on, and so the module's Close.
func BreakMapping(m *Module) error {
	image, ok := m.image.(*mapped)
	if !ok {
		return nil
	}
	return image.file.Close()
}
