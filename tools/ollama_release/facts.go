// Lists what a release of Ollama says of itself in its sources, as JSON: section to sorted lines.
//
//	go run facts.go FOLDER
//
// FOLDER is the root of the module. Only Go's own packages are used, so nothing is downloaded or compiled;
// a file or function that is not there leaves its section empty.
package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/printer"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"sort"
	"strconv"
	"strings"
)

// Folders whose texts a user of GGUF models can see; the rest is the desktop app, MLX and launchers.
var folders = []string{
	"api", "cmd", "create", "envconfig", "format", "fs", "harmony", "llm", "manifest", "model", "parser", "server",
	"template", "thinking", "tools", "types",
}

var left = []string{"cmd/launch", "cmd/tui", "cmd/bench", "cmd/config", "cmd/internal", "cmd/runner", "model/models", "fs/safetensors"}

var facts = map[string]map[string]bool{}

func add(section, line string) {
	if facts[section] == nil {
		facts[section] = map[string]bool{}
	}
	facts[section][line] = true
}

func main() {
	root := os.Args[1]
	for _, folder := range folders {
		_ = filepath.WalkDir(filepath.Join(root, folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return nil
			}
			name, _ := filepath.Rel(root, path)
			name = filepath.ToSlash(name)
			if d.IsDir() {
				for _, each := range left {
					if name == each {
						return filepath.SkipDir
					}
				}
				return nil
			}
			// The rest of create/ makes MLX models out of safetensors.
			if strings.HasPrefix(name, "create/") && name != "create/manifest.go" {
				return nil
			}
			if strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
				read(path, name)
			}
			return nil
		})
	}
	if text, err := os.ReadFile(filepath.Join(root, "LLAMA_CPP_VERSION")); err == nil {
		add("llama.cpp", strings.TrimSpace(string(text)))
	}
	templates(filepath.Join(root, "template", "index.json"))
	out := map[string][]string{}
	for section, lines := range facts {
		for line := range lines {
			out[section] = append(out[section], line)
		}
		sort.Strings(out[section])
	}
	_ = json.NewEncoder(os.Stdout).Encode(out)
}

// templates adds Ollama's own templates: names, and a digest of the chat template that each stands for.
func templates(path string) {
	text, err := os.ReadFile(path)
	if err != nil {
		return
	}
	var known []struct{ Template, Name string }
	if json.Unmarshal(text, &known) != nil {
		return
	}
	for _, each := range known {
		add("templates", fmt.Sprintf("%s %.6x", each.Name, sha256.Sum256([]byte(each.Template))))
	}
}

func read(path, name string) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
	if err != nil {
		add("unreadable", name)
		return
	}
	// Comments are not parsed, so that a changed comment is no change.
	var code bytes.Buffer
	_ = printer.Fprint(&code, token.NewFileSet(), file)
	add("files", fmt.Sprintf("%s %.6x", name, sha256.Sum256(code.Bytes())))
	for _, declaration := range file.Decls {
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			switch name + " " + d.Name.Name {
			case "parser/parser.go isValidCommand":
				cases("instructions", d)
			case "model/renderers/renderer.go rendererForName":
				cases("renderers", d)
			case "model/parsers/parsers.go ParserForName":
				cases("parsers", d)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch s := spec.(type) {
				case *ast.TypeSpec:
					fields(name, s)
				case *ast.ValueSpec:
					values(name, d.Tok, s)
				}
			}
		}
	}
	ast.Inspect(file, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.CallExpr:
			call(name, n)
		case *ast.KeyValueExpr:
			if key, ok := text(n.Key); ok && key == "error" {
				if value, ok := text(n.Value); ok {
					add("errors", name+": "+value)
				}
			}
		case *ast.BasicLit:
			if value, ok := text(n); ok {
				if strings.HasPrefix(value, "OLLAMA_") && !strings.ContainsAny(value, " =") {
					add("environment", value)
				}
				for _, start := range []string{"general.", "tokenizer.", "split.", "clip."} {
					if strings.HasPrefix(value, start) && !strings.ContainsAny(value, " /%") && len(value) > len(start) {
						add("GGUF keys", value)
					}
				}
			}
		}
		return true
	})
}

func text(node ast.Expr) (string, bool) {
	literal, ok := node.(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING {
		return "", false
	}
	value, err := strconv.Unquote(literal.Value)
	return value, err == nil
}

func cases(section string, function *ast.FuncDecl) {
	ast.Inspect(function, func(node ast.Node) bool {
		if clause, ok := node.(*ast.CaseClause); ok {
			for _, each := range clause.List {
				if value, ok := text(each); ok {
					add(section, value)
				}
			}
		}
		return true
	})
}

// fields adds the JSON fields of the API's types.
func fields(name string, spec *ast.TypeSpec) {
	structure, ok := spec.Type.(*ast.StructType)
	if !ok || name != "api/types.go" {
		return
	}
	for _, field := range structure.Fields.List {
		if field.Tag == nil {
			continue
		}
		tag, _ := strconv.Unquote(field.Tag.Value)
		key, _, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ",")
		if key == "" || key == "-" {
			continue
		}
		var kind bytes.Buffer
		_ = printer.Fprint(&kind, token.NewFileSet(), field.Type)
		add("fields", fmt.Sprintf("%s.%s %s", spec.Name.Name, key, kind.String()))
		if spec.Name.Name == "Options" || spec.Name.Name == "Runner" {
			add("parameters", key+" "+kind.String())
		}
	}
}

// values adds the texts of variables and constants of a package.
func values(name string, kind token.Token, spec *ast.ValueSpec) {
	for i, value := range spec.Values {
		if i >= len(spec.Names) {
			break
		}
		variable := spec.Names[i].Name
		if literal, ok := text(value); ok && kind == token.CONST && name == "types/model/capability.go" {
			add("capabilities", literal)
		}
		composite, ok := value.(*ast.CompositeLit)
		if !ok {
			continue
		}
		if name == "template/template.go" && variable == "funcs" {
			for _, each := range composite.Elts {
				if pair, ok := each.(*ast.KeyValueExpr); ok {
					if key, ok := text(pair.Key); ok {
						add("functions", key)
					}
				}
			}
			continue
		}
		ast.Inspect(composite, func(node ast.Node) bool {
			if literal, ok := node.(*ast.BasicLit); ok {
				if each, ok := text(literal); ok && each != "" {
					add("tables", fmt.Sprintf("%s %s: %s", name, variable, each))
				}
			}
			return true
		})
	}
}

func call(name string, call *ast.CallExpr) {
	selector, ok := call.Fun.(*ast.SelectorExpr)
	if !ok || len(call.Args) == 0 {
		return
	}
	first, ok := text(call.Args[0])
	if !ok {
		return
	}
	owner := ""
	if identifier, ok := selector.X.(*ast.Ident); ok {
		owner = identifier.Name
	}
	switch method := selector.Sel.Name; {
	case owner == "errors" && method == "New", owner == "fmt" && method == "Errorf":
		add("errors", name+": "+first)
	case name == "server/routes.go" && strings.HasPrefix(first, "/"):
		switch method {
		case "GET", "POST", "HEAD", "DELETE", "PUT", "PATCH":
			add("routes", method+" "+first)
		}
	}
}
