package main

import (
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/recur-go/recur/internal/lang"
	"github.com/recur-go/recur/internal/setting"
)

// languageFlag is the value of --lang: empty for the language of the locale.
type languageFlag string

// Type implements pflag.Value.
func (l *languageFlag) Type() string { return "language" }

// String implements pflag.Value.
func (l *languageFlag) String() string { return string(*l) }

// Set implements pflag.Value.
func (l *languageFlag) Set(name string) error {
	if !slices.Contains(lang.All(), lang.Lang(name)) {
		return fmt.Errorf("there is no %q; %s", name, setting.Suggest(name, texts(lang.All())))
	}
	*l = languageFlag(name)
	return nil
}

// language is that of the help and the reports of a command. The help is shown before
// variables set flags, so that RECUR_LANG is read here.
func language(cmd *cobra.Command) (lang.Lang, error) {
	var l languageFlag
	if f := cmd.Flag("lang"); f != nil {
		l = languageFlag(f.Value.String())
	}
	if name := variable("lang"); l == "" && os.Getenv(name) != "" {
		if err := l.Set(os.Getenv(name)); err != nil {
			return lang.English, usage("%s: %v", name, err)
		}
	}
	if l == "" {
		return lang.OfLocale(os.Getenv), nil
	}
	return lang.Lang(l), nil
}
