// Package selection decides which of a repository's tags a policy should run.
//
// It is pure: tags and a policy go in, one choice and a verdict for every tag come out. The same set of tags gives
// the same answer whatever their order and however often one is repeated. It knows versions and their order; it must
// never know the network, Kubernetes or Git.
//
// # What a version is
//
// A tag is a version when it has exactly three numeric parts without leading zeros, with an optional lower-case "v"
// before them and an optional pre-release and build metadata after them, as in SemVer 2.0.0. "1.0", "20240101",
// "v1.2.3.4" and "01.2.3" are none, although lenient parsers take them for one.
//
// # The order of versions
//
// Compare is a total order: two tags are equal only if they are the same string. It is decided by the first of these
// rules that tells the tags apart:
//
//  1. SemVer precedence (SemVer 2.0.0, section 11): numbers, then pre-release; a pre-release comes before its release.
//  2. Build metadata, which SemVer leaves out: none comes before some, identifiers are compared as those of pre-releases.
//  3. The bytes of the tag. So "v1.0.1" is later than "1.0.1".
package selection
