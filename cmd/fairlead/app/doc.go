// Package app answers for a person what Applications are and do, and asks for what is to be done with them: with the rights of
// that person, and by the same packages that the controller runs.
//
// It knows what is read from a cluster for an answer, and how the answer looks. It must never decide how something is
// rendered, compared, applied or committed itself: syncer/render, syncer and gitwriter do.
package app
