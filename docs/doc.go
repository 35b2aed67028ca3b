// Package docs holds the texts about recur. Its tests compile and run the code that they
// show, and follow their links.
package docs
