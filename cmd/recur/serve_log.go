package main

import (
	"context"
	"errors"
	"io"
	"log/slog"

	"github.com/recur-go/recur/serve"
	"github.com/recur-go/recur/serve/watch"
)

// newLog makes the log of a server.
func (f *serveFlags) newLog(w io.Writer) *slog.Logger {
	var level slog.Level
	level.UnmarshalText([]byte(f.level)) // checked
	o := &slog.HandlerOptions{Level: level}
	if f.log == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// logCalls notes requests: those that the server failed at as errors, others for debugging.
func logCalls(log *slog.Logger) func(context.Context, *serve.Call) (context.Context, func(serve.Result)) {
	return func(ctx context.Context, c *serve.Call) (context.Context, func(serve.Result)) {
		return ctx, func(r serve.Result) {
			level := slog.LevelDebug
			if r.Status >= 500 {
				level = slog.LevelError
			}
			if !log.Enabled(ctx, level) {
				return
			}
			at := []slog.Attr{
				slog.String("id", c.ID), slog.String("method", c.Method), slog.String("path", c.Path), slog.String("remote", c.Remote),
				slog.Int("status", r.Status), slog.Duration("took", r.Took),
			}
			if c.Model != "" {
				at = append(at, slog.String("model", c.Model), slog.String("version", c.Version))
			}
			if c.Session != "" {
				at = append(at, slog.String("session", c.Session))
			}
			if r.Err != nil {
				at = append(at, slog.String("error", reasonOf(r.Err)))
			}
			log.LogAttrs(context.Background(), level, "request", at...)
		}
	}
}

// reasonOf is an error with what caused it, which clients are not told.
func reasonOf(err error) string {
	text := err.Error()
	var e *serve.Error
	if errors.As(err, &e) && e.Err != nil && e.Err.Error() != text {
		text += ": " + e.Err.Error()
	}
	return text
}

// logModel notes what happened to a model.
func logModel(log *slog.Logger) func(watch.Event) {
	texts := map[watch.Kind]string{
		watch.Loaded: "model loaded", watch.Moved: "model loaded, sessions go on in it", watch.Kept: "model loaded, sessions stay with the version before",
		watch.Ended: "version without sessions removed", watch.Removed: "model removed", watch.Failed: "model not loaded",
	}
	return func(e watch.Event) {
		if e.Model == "" {
			log.Error("not all models can be looked for", "error", plain(e.Err))
			return
		}
		at := []any{"model", e.Model, "version", e.Version, "path", e.Path}
		if e.Took > 0 {
			at = append(at, "took", e.Took)
		}
		if e.Told { // whoever called Scan reports it
			return
		}
		if e.Err != nil {
			log.Error(texts[e.Kind], append(at, "error", plain(e.Err))...)
			return
		}
		log.Info(texts[e.Kind], at...)
	}
}
