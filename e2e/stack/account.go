package stack

import (
	"fmt"

	"golang.org/x/crypto/bcrypt"
)

// Account is a user name and a password that the registry takes.
type Account struct {
	Username, Password string
}

// newAccount makes an account, and its line of an htpasswd file.
func newAccount(username string) (Account, string, error) {
	password, err := randomWord()
	if err != nil {
		return Account{}, "", err
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		return Account{}, "", fmt.Errorf("hash the password of %s: %w", username, err)
	}
	return Account{Username: username, Password: password}, username + ":" + string(hash) + "\n", nil
}
