package host

import (
	"context"
	"errors"
	"os"
	"path"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// maxGlob bounds the matches of a pattern and the entries read of a directory.
const maxGlob = 10000

// Glob returns the paths below the view's root that match a pattern of glob(7),
// sorted by bytes; at most 10,000. A pattern without wildcards is returned where
// the file exists.
func (v *View) Glob(ctx context.Context, pattern string) ([]string, error) {
	return within(ctx, &v.hung, "files "+pattern, func() ([]string, error) {
		found, err := v.glob(pattern)
		return found, denied("files "+pattern, err)
	})
}

func (v *View) glob(pattern string) ([]string, error) {
	dirs := []string{""}
	for name := range strings.SplitSeq(strings.TrimPrefix(pattern, "/"), "/") {
		if name == "" {
			continue
		}
		var next []string
		for _, dir := range dirs {
			found, err := v.globIn(dir, name)
			if err != nil {
				return nil, err
			}
			if next = append(next, found...); len(next) >= maxGlob {
				next = next[:maxGlob]
				break
			}
		}
		dirs = next
	}
	slices.Sort(dirs)
	return dirs, nil
}

// globIn returns the entries of dir that match one part of a pattern. Links and
// folders that are not there match nothing.
func (v *View) globIn(dir, part string) ([]string, error) {
	if !strings.ContainsAny(part, `*?[\`) {
		fd, err := v.open(dir+"/"+part, unix.O_PATH|unix.O_NOFOLLOW)
		if err != nil {
			return nil, nothing(err)
		}
		_ = unix.Close(fd)
		return []string{dir + "/" + part}, nil
	}
	fd, err := v.open(dir+"/", unix.O_RDONLY|unix.O_DIRECTORY)
	if err != nil {
		return nil, nothing(err)
	}
	f := os.NewFile(uintptr(fd), dir)
	defer f.Close()
	names, _ := f.Readdirnames(maxGlob) // at the end, or on an error, what came so far
	var found []string
	for _, name := range names {
		if fnmatch(part, name) {
			found = append(found, dir+"/"+name)
		}
	}
	return found, nil
}

// nothing swallows the errors that mean no more than no match.
func nothing(err error) error {
	for _, e := range []error{unix.ENOENT, unix.ENOTDIR, unix.ELOOP} {
		if errors.Is(err, e) {
			return nil
		}
	}
	return err
}

// fnmatch reports whether name matches one part of a pattern of glob(7): a
// leading dot is matched by a dot only, "[!…]" negates, and a pattern that is
// malformed means itself.
func fnmatch(pattern, name string) bool {
	if strings.HasPrefix(name, ".") && !strings.HasPrefix(pattern, ".") {
		return false
	}
	ok, err := path.Match(strings.ReplaceAll(pattern, "[!", "[^"), name)
	if err != nil {
		return pattern == name
	}
	return ok
}
