package check

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"sync"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/fairlead/fairlead/api/v1alpha1"
	"github.com/fairlead/fairlead/cmd/fairlead/noun"
	"github.com/fairlead/fairlead/controllers/access"
	"github.com/fairlead/fairlead/gitwriter"
)

// shortRevision is how much of a commit's name a person reads.
const shortRevision = 10

// place is a repository that can be read.
type place struct {
	// files are those of the head, fetched when somebody asks first.
	files func() (fs.FS, error)
}

// repositories looks at each ConfigRepository, and remembers what can be read.
func (c *checker) repositories(ctx context.Context, found declared) (findings []Finding) {
	writers := found.writers()
	type answer struct {
		findings []Finding
		place    *place
	}
	answers := parallel(found.repositories, func(repository v1alpha1.ConfigRepository) answer {
		if !c.needed(found, &repository) {
			return answer{}
		}
		findings, place := c.repository(ctx, repository.DeepCopy(), writers[client.ObjectKeyFromObject(&repository)])
		return answer{findings: findings, place: place}
	})
	for i := range answers {
		repository := &found.repositories[i]
		if answers[i].place != nil {
			found.places[client.ObjectKeyFromObject(repository)] = answers[i].place
		}
		findings = append(findings, answers[i].findings...)
	}
	return findings
}

// needed says whether a repository is looked at: it is asked for, or something that is refers to it.
func (c *checker) needed(found declared, repository *v1alpha1.ConfigRepository) bool {
	if c.wants(noun.ConfigRepository, repository.Name) {
		return true
	}
	for i := range found.apps {
		if !c.wants(noun.Application, found.apps[i].Name) {
			continue
		}
		if serving, err := access.RepositoryOf(&found.apps[i], found.repositories); err == nil && serving.UID == repository.UID {
			return true
		}
	}
	for i := range found.policies {
		policy := &found.policies[i]
		if !c.wants(noun.ImagePolicy, policy.Name) || policy.Namespace != repository.Namespace {
			continue
		}
		for _, target := range policy.Spec.Targets {
			if at, err := access.Resolve(policy.Namespace, target, found.apps, found.repositories); err == nil && at.Repository == repository.Name {
				return true
			}
		}
	}
	return false
}

// repository asks Git as the controller would. writers is how many targets lie in it.
func (c *checker) repository(ctx context.Context, repository *v1alpha1.ConfigRepository, writers int) ([]Finding, *place) {
	subject := string(noun.ConfigRepository) + " " + repository.Namespace + "/" + repository.Name
	if timeout := &repository.Spec.Timeout; timeout.Duration <= 0 || timeout.Duration > c.Timeout {
		timeout.Duration = c.Timeout // Errors then say how long an answer was waited for.
	}
	mirror, err := c.mirrors.Open(ctx, c.client, repository)
	if err != nil {
		return []Finding{c.secretFailure(ctx, subject, err, repository.Namespace, repository.Spec.SecretRef, gitSecret(repository))}, nil
	}
	revision, err := mirror.Look(ctx)
	if err != nil {
		return []Finding{failure(subject, err).by("%s", mendGit(repository, err))}, nil
	}
	files := sync.OnceValues(func() (fs.FS, error) {
		head, err := mirror.Refresh(ctx)
		if err != nil {
			return nil, err
		}
		snapshot, err := mirror.Snapshot(ctx, head.Revision)
		if err != nil {
			return nil, err
		}
		return snapshot.FS(), nil
	})
	read := okf(subject, "branch %s is at %s", repository.Spec.Branch, revision[:shortRevision])
	return append([]Finding{read}, c.push(ctx, subject, repository, mirror, writers)...), &place{files: files}
}

// push asks whether a push would be taken, and looks at the key that commits are signed with.
func (c *checker) push(ctx context.Context, subject string, repository *v1alpha1.ConfigRepository, mirror *gitwriter.Mirror, writers int) (findings []Finding) {
	switch err := mirror.MayPush(ctx); {
	case err == nil:
		findings = append(findings, okf(subject, "it takes pushes from these credentials; what protects the branch shows at the first push"))
	case writers == 0:
		findings = append(findings, warnf(subject, "it takes no pushes, and no ImagePolicy needs any: %v", err))
	default:
		findings = append(findings, failure(subject, err).by("%s", mendGit(repository, err)))
	}
	signing := repository.Spec.Commit.Signing
	if signing == nil {
		return findings
	}
	if _, err := c.signers.Open(ctx, c.client, repository); err != nil {
		return append(findings, c.secretFailure(ctx, subject, err, repository.Namespace, &signing.SecretRef, signingSecret(repository)))
	}
	return append(findings,
		okf(subject, "its commits are signed with the key of Secret %s/%s", repository.Namespace, signing.SecretRef.Name))
}

// mendGit is a command for what Git didn't do.
func mendGit(repository *v1alpha1.ConfigRepository, err error) string {
	var failed *gitwriter.Error
	if !errors.As(err, &failed) {
		return ""
	}
	switch failed.Reason {
	case gitwriter.ReasonAuthentication:
		return gitSecret(repository)
	case gitwriter.ReasonServerNotTrusted, gitwriter.ReasonUnavailable, gitwriter.ReasonRepositoryMissing, gitwriter.ReasonBranchMissing:
		return "git ls-remote --heads " + quoted(repository.Spec.URL)
	default: // The message says what to do.
		return ""
	}
}

// gitSecret writes the Secret that a repository names, anew if it is there. What is in capitals is for the person to fill in.
func gitSecret(repository *v1alpha1.ConfigRepository) string {
	if repository.Spec.SecretRef == nil {
		return ""
	}
	literals := "--from-literal=username=USERNAME --from-literal=password=PASSWORD"
	if u, err := url.Parse(repository.Spec.URL); err != nil || u.Scheme == "ssh" || u.Scheme == "" {
		literals = "--from-file=identity=PRIVATE_KEY_FILE --from-file=known_hosts=KNOWN_HOSTS_FILE"
	}
	return writeSecret(fmt.Sprintf("generic %s -n %s %s", repository.Spec.SecretRef.Name, repository.Namespace, literals))
}

func signingSecret(repository *v1alpha1.ConfigRepository) string {
	signing := repository.Spec.Commit.Signing
	key := "git.asc"
	if signing.Format == v1alpha1.SigningSSH {
		key = "identity"
	}
	return writeSecret(fmt.Sprintf("generic %s -n %s --from-file=%s=PRIVATE_KEY_FILE", signing.SecretRef.Name, repository.Namespace, key))
}

// writeSecret is a command that creates a Secret, or replaces the one that there is.
func writeSecret(what string) string {
	return "kubectl create secret " + what + " --dry-run=client -o yaml | kubectl apply -f -"
}

// secretFailure is the finding of a reference to a Secret that can't be used. A command is given only where there is none: what
// one that is there is used for besides isn't known.
func (c *checker) secretFailure(ctx context.Context, subject string, err error, namespace string, ref *v1alpha1.LocalReference, mend string) Finding {
	finding := failure(subject, err)
	if finding.Level != Failed || ref == nil {
		return finding
	}
	if err := c.client.Get(ctx, types.NamespacedName{Namespace: namespace, Name: ref.Name}, &corev1.Secret{}); apierrors.IsNotFound(err) {
		finding.Mend = mend
	}
	return finding
}

// in reads whether a file or folder is in a repository. known is false where the repository can't be read.
func (d declared) in(key types.NamespacedName, path string) (known bool, info fs.FileInfo, err error) {
	at, ok := d.places[key]
	if !ok {
		return false, nil, nil
	}
	files, err := at.files()
	if err != nil {
		return true, nil, err
	}
	info, err = fs.Stat(files, path)
	return true, info, err
}
