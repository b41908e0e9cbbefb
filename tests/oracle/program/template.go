package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"reflect"
	gotemplate "text/template"

	"github.com/ollama/ollama/api"
	"github.com/ollama/ollama/template"
)

// maxOutput bounds a rendering, so that a hostile template cannot fill the judge's memory.
const maxOutput = 64 << 20

type boundedBuffer struct{ bytes.Buffer }

func (b *boundedBuffer) Write(p []byte) (int, error) {
	if b.Len()+len(p) > maxOutput {
		return 0, errors.New("oracle: output too long")
	}
	return b.Buffer.Write(p)
}

func init() {
	operations["parse"] = parseTemplate
	operations["execute"] = executeTemplate
	operations["chat"] = chat
	operations["named"] = named
}

type source struct {
	Template    string `json:"template"`
	TemplateB64 []byte `json:"template_b64"`
}

func (s source) text() string { return text(s.Template, s.TemplateB64) }

// vars calls Template.Vars, which also answers an error since 0.11.
func vars(t *template.Template) ([]string, error) {
	out := reflect.ValueOf(t).MethodByName("Vars").Call(nil)
	if len(out) == 2 && !out[1].IsNil() {
		return nil, out[1].Interface().(error)
	}
	return out[0].Interface().([]string), nil
}

// parseTemplate answers whether Ollama takes a TEMPLATE, with its identifiers and its printed tree.
func parseTemplate(raw json.RawMessage) (answer, error) {
	var req source
	if err := json.Unmarshal(raw, &req); err != nil {
		return nil, err
	}
	t, err := template.Parse(req.text())
	if err != nil {
		return nil, err
	}
	names, err := vars(t)
	if err != nil {
		return nil, err
	}
	a := answer{"vars": names}
	if t.Tree != nil && t.Tree.Root != nil {
		a.text("printed", t.Tree.Root.String())
	}
	defined := map[string]string{}
	for _, tt := range t.Templates() {
		if tt.Tree != nil && tt.Tree.Root != nil && tt.Name() != "" {
			defined[tt.Name()] = tt.Tree.Root.String()
		}
	}
	a["defined"] = defined
	return a, nil
}

// executeTemplate runs Go's own text/template with Ollama's functions and options on plain data.
// The error says in "stage" whether parsing or executing failed; output up to a failure is kept.
func executeTemplate(raw json.RawMessage) (answer, error) {
	var req struct {
		source
		Data   json.RawMessage `json:"data"`
		Option *string         `json:"option"`
		Plain  bool            `json:"plain"` // without Ollama's functions and option
		Tree   bool            `json:"tree"`  // answer the printed tree too
	}
	if err := json.Unmarshal(raw, &req); err != nil {
		return nil, err
	}
	base := gotemplate.New("")
	if !req.Plain {
		t, err := template.Parse("")
		if err != nil {
			return nil, err
		}
		base = t.Template.New("")
	}
	if req.Option != nil {
		base = base.Option(*req.Option)
	}
	t, err := base.Parse(req.text())
	if err != nil {
		return answer{"stage": "parse"}, err
	}
	a := answer{}
	if req.Tree && t.Tree != nil && t.Tree.Root != nil {
		a.text("printed", t.Tree.Root.String())
	}
	data, err := decode(req.Data)
	if err != nil {
		return nil, err
	}
	var b boundedBuffer
	err = t.Execute(&b, data)
	a.text("output", b.String())
	if err != nil {
		a["stage"] = "execute"
	}
	return a, err
}

// chat runs template.Execute on the values that the server gives it (image tags are the caller's).
func chat(raw json.RawMessage) (answer, error) {
	var req struct {
		source
		Messages   []api.Message `json:"messages"`
		Tools      api.Tools     `json:"tools"`
		Prompt     string        `json:"prompt"`
		Suffix     string        `json:"suffix"`
		Think      bool          `json:"think"`
		ThinkLevel string        `json:"think_level"`
		IsThinkSet bool          `json:"is_think_set"`
	}
	if err := json.Unmarshal(raw, &req); err != nil {
		return answer{"stage": "request"}, err
	}
	t, err := template.Parse(req.text())
	if err != nil {
		return answer{"stage": "parse"}, err
	}
	values := template.Values{Messages: req.Messages, Tools: req.Tools, Prompt: req.Prompt, Suffix: req.Suffix}
	set(&values, "Think", req.Think)
	set(&values, "ThinkLevel", req.ThinkLevel)
	set(&values, "IsThinkSet", req.IsThinkSet)
	var b boundedBuffer
	err = t.Execute(&b, values)
	a := answer{}
	a.text("output", b.String())
	if err != nil {
		a["stage"] = "execute"
	}
	return a, err
}

// set puts a field that not every version has.
func set(values *template.Values, name string, value any) {
	if f := reflect.ValueOf(values).Elem().FieldByName(name); f.IsValid() {
		f.Set(reflect.ValueOf(value))
	}
}

// named answers the template that create would detect for a chat template (its Jinja text).
func named(raw json.RawMessage) (answer, error) {
	var req struct {
		Jinja string `json:"jinja"`
	}
	if err := json.Unmarshal(raw, &req); err != nil {
		return nil, err
	}
	n, err := template.Named(req.Jinja)
	if err != nil {
		return nil, err
	}
	a := answer{"name": n.Name, "template": base64.StdEncoding.EncodeToString(n.Bytes)}
	if n.Parameters != nil {
		a["stop"] = n.Parameters.Stop
	}
	return a, nil
}
