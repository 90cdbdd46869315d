package check

import (
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// forbidden says what the API server doesn't let whoever asks do; empty if err is something else.
func forbidden(err error) string {
	var refused apierrors.APIStatus
	if !apierrors.IsForbidden(err) || !errors.As(err, &refused) {
		return ""
	}
	details := refused.Status().Details
	if details == nil || details.Name == "" {
		return fmt.Sprintf("not checked: %v", err)
	}
	return fmt.Sprintf("not checked: you may not read %s %s", details.Kind, details.Name)
}

// failure is the finding of an error: it says what to do by itself.
func failure(subject string, err error) Finding {
	if words := forbidden(err); words != "" {
		return skipf(subject, "%s", words)
	}
	return failf(subject, "%v", err)
}
