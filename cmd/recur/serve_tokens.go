package main

import (
	"os"
	"strconv"
	"strings"

	"github.com/recur-go/recur/serve"
)

// readTokens reads tokens: secrets, or @FILE of them.
func readTokens(from []string) (all []serve.Token, err error) {
	for _, s := range from {
		path, file := strings.CutPrefix(s, "@")
		if !file {
			if strings.TrimSpace(s) == "" {
				return nil, usage("--token is empty")
			}
			all = append(all, serve.Token{Name: "token " + strconv.Itoa(len(all)+1), Secret: s})
			continue
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		n := len(all)
		for i, line := range strings.Split(string(b), "\n") {
			f := strings.Fields(line)
			if len(f) == 0 || strings.HasPrefix(f[0], "#") {
				continue
			}
			t := serve.Token{Name: "token " + strconv.Itoa(len(all)+1), Secret: f[0]}
			if len(f) > 1 {
				t.Name, t.Secret = f[0], f[1]
			}
			if len(f) > 2 {
				t.Sessions, err = strconv.Atoi(f[2])
			}
			if len(f) > 3 || err != nil || t.Sessions < 0 {
				return nil, usage("%s: line %d is neither a secret, nor a name, a secret and a number of sessions", path, i+1)
			}
			all = append(all, t)
		}
		if len(all) == n {
			return nil, usage("%s holds no token: each line is a secret, or a name and a secret", path)
		}
	}
	return all, nil
}
