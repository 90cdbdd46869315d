// Package selection decides which of a repository's tags a policy should run.
//
// It is pure: tags, what is known of them and a policy go in, one choice and a verdict for every tag come out. The same
// set of tags gives the same answer whatever their order and however often one is repeated. It knows tags and their
// orders; it must never know the network, Kubernetes, Git, nor what time it is: times are given to it.
//
// # Filters
//
// Expressions are those of RE2. They are searched for anywhere in a tag, as grep does it: ^ and $ anchor them to its
// ends. A tag counts if no exclusion matches it and the inclusion does. If something is extracted from the groups of
// the inclusion, that is compared instead of the tag, and only compared: the tag keeps its spelling.
//
// # What has a place
//
// A version has exactly three numeric parts without leading zeros, with an optional lower-case "v" before them, unless
// the policy is strict, and an optional pre-release and build metadata after them, as in SemVer 2.0.0. "1.0",
// "20240101", "v1.2.3.4" and "01.2.3" are none, although lenient parsers take them for one.
//
// A number is made of the digits 0 to 9, as many as there are, and of nothing else: "-1", "1.5", "1e3" and "inf" are
// none. Alphabetically everything has a place. One tag without a place never spoils the choice among the others.
//
// # The order of tags
//
// Compare is a total order: two tags are equal only if they are the same string. It is decided by the first of these
// rules that tells the tags apart:
//
//  1. What is compared: of versions SemVer precedence (SemVer 2.0.0, section 11), numbers by their exact value, texts by
//     their bytes. An order that is descending is turned round here, and only here.
//  2. Build metadata of versions, which SemVer leaves out: none comes before some, identifiers are compared as those of
//     pre-releases.
//  3. The bytes of the tag: the later is the newer. So "v1.0.1" is later than "1.0.1", and "007" earlier than "7".
//
// A digest policy has no order: one tag has a place, and no other.
//
// # Facts
//
// Names are judged first. Platforms, ages and digests are facts that somebody must look up, and looking costs requests:
// a selection says in Needs which tags must be looked at, the newest first, and is final once it needs none. Tags that
// come after a fit one are superseded whatever they hold, tags before what Git holds are never taken, and a pin asks
// nobody: none of these needs facts.
//
// # Clocks
//
// A minimum age counts from when a digest was first seen under its tag. Whoever keeps those times gives them as facts, and
// takes the clocks that run from Waiting. At most MaxWaiting run at once: while they do, tags without one wait for their
// turn, and the clocks that run go on. So each release comes of age, and the newest that has is chosen.
//
// # Verdicts to come
//
// Unverified (its signature) and Rejected (by people or by its own rollout) are part of the closed list of verdicts, and
// exist here once something can produce them.
package selection
