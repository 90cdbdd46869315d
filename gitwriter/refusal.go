package gitwriter

import "strings"

// refusal is how servers word one reason for taking no push.
type refusal struct {
	reason Reason
	words  []string
}

// refusals are in the order in which they count. Git has no codes for them: a status is a line of prose. What is said most
// exactly comes first, since hosts protect branches and bound sizes by hooks as well.
func refusals() []refusal {
	return []refusal{
		{ReasonQuota, []string{
			"quota", "storage limit", "size limit", "limit exceeded", "exceeds github's file size", "over the limit", "no space left", "exceeds maximum", "gh001",
		}},
		{ReasonBranchProtected, []string{
			"protected branch", "branch is protected", "protected ref", "rule violation", "repository rule", "gh006", "gh013", "through pull request", "via pull request",
			"must use a pull request", "pull request is required", "through merge request", "non-deletable", "tf402455",
		}},
		{ReasonForbidden, []string{
			"permission denied", "permission to", "read-only", "read only", "write access", "not granted", "not allowed to push", "not authorized", "unauthorized",
			"insufficient permission", "access denied", "denied to", "archived", "don't have permission", "do not have permission",
		}},
		{ReasonRepositoryMissing, []string{
			"repository not found", "does not appear to be a git repository", "repository does not exist", "project you were looking for could not be found", "not found or",
		}},
		{ReasonHookDeclined, []string{"hook declined", "pre-receive", "update hook", "prohibited by"}},
	}
}

// refusalOf classifies a server's own words; otherwise is what they are where nothing is known.
func refusalOf(words string, otherwise Reason) Reason {
	words = strings.ToLower(words)
	for _, refusal := range refusals() {
		for _, word := range refusal.words {
			if strings.Contains(words, word) {
				return refusal.reason
			}
		}
	}
	return otherwise
}
