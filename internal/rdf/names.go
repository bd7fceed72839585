package rdf

// Names are all that ParseFormat reads.
func Names() []string {
	var names []string
	for _, row := range formats {
		names = append(names, row.parameters...)
	}
	return names
}

// MediaTypes are all that FormatOf reads.
func MediaTypes() []string {
	var types []string
	for _, row := range formats {
		types = append(types, row.mediaTypes...)
	}
	return types
}
