package render

import (
	"fmt"
	"io"
	"strings"

	chart "helm.sh/helm/v4/pkg/chart/v2"
)

// Text is what the templates of a chart made, in the order of the objects.
type Text struct {
	// release and hooks are printed one after the other, with what Helm puts between them.
	release, hooks []section
}

// section is a document, or a whole file of definitions.
type section struct{ file, content string }

// text keeps the documents as they were made. Definitions are kept by the file: Helm prints each file as it is.
func (d *chartDocuments) text(c *chart.Chart) Text {
	var text Text
	if len(d.definitions) > 0 {
		for _, crd := range c.CRDObjects() {
			text.release = append(text.release, section{file: crd.Filename, content: string(crd.File.Data)})
		}
	}
	for _, document := range d.generic {
		text.release = append(text.release, section{file: document.file, content: document.text})
	}
	for _, document := range d.hooks {
		text.hooks = append(text.hooks, section{file: document.file, content: document.text})
	}
	return text
}

// Write writes the text byte for byte as `helm template` does, each document after the name of its template.
func (t Text) Write(to io.Writer) error {
	var release strings.Builder
	for _, part := range t.release {
		fmt.Fprintf(&release, sectionFormat, part.file, part.content)
	}
	if _, err := fmt.Fprintln(to, strings.TrimSpace(release.String())); err != nil {
		return fmt.Errorf("write the manifests: %w", err)
	}
	for _, part := range t.hooks {
		if _, err := fmt.Fprintf(to, sectionFormat, part.file, part.content); err != nil {
			return fmt.Errorf("write the manifests: %w", err)
		}
	}
	return nil
}

// sectionFormat is Helm's.
const sectionFormat = "---\n# Source: %s\n%s\n"
