package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/ollama/ollama/api"
)

// decode makes Go values of JSON. An object {"$T": value} is a value of the Go type T; every other
// object is a map[string]any, every number a float64, as encoding/json does.
func decode(raw json.RawMessage) (any, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		return nil, err
	}
	return typed(v)
}

func typed(v any) (any, error) {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			t, err := typed(e)
			if err != nil {
				return nil, err
			}
			out[i] = t
		}
		return out, nil
	case map[string]any:
		if len(v) == 1 {
			for k, inner := range v {
				if len(k) > 1 && k[0] == '$' {
					return special(k[1:], inner)
				}
			}
		}
		out := make(map[string]any, len(v))
		for k, e := range v {
			t, err := typed(e)
			if err != nil {
				return nil, err
			}
			out[k] = t
		}
		return out, nil
	}
	return v, nil
}

// recast reads a value again as T by way of JSON, so that Ollama's own UnmarshalJSON runs.
func recast[T any](v any) (any, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var out T
	err = json.Unmarshal(raw, &out)
	return out, err
}

func pointer[T any](v any) (any, error) {
	out, err := recast[T](v)
	if err != nil {
		return nil, err
	}
	t := out.(T)
	return &t, nil
}

var recasters = map[string]func(any) (any, error){
	"strings": recast[[]string], "ints": recast[[]int], "floats": recast[[]float64], "bools": recast[[]bool],
	"matrix":             recast[[][]int],
	"map[string]string":  recast[map[string]string],
	"map[string]int":     recast[map[string]int],
	"map[string]bool":    recast[map[string]bool],
	"map[int]string":     recast[map[int]string],
	"messages":           recast[[]api.Message],
	"message":            recast[api.Message],
	"*message":           pointer[api.Message],
	"tools":              recast[api.Tools],
	"tool":               recast[api.Tool],
	"*int":               pointer[int],
	"*string":            pointer[string],
	"*map[string]string": pointer[map[string]string],
}

// special is a value of a named type; whole numbers may be given as strings to keep all digits.
func special(name string, v any) (any, error) {
	if f, ok := recasters[name]; ok {
		return f(v)
	}
	text := fmt.Sprint(v)
	if f, ok := v.(float64); ok {
		text = strconv.FormatFloat(f, 'f', -1, 64)
	}
	switch name {
	case "int", "int8", "int16", "int32", "int64":
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, err
		}
		return map[string]any{"int": int(n), "int8": int8(n), "int16": int16(n), "int32": int32(n), "int64": n}[name], nil
	case "uint", "uint8", "uint16", "uint32", "uint64":
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return nil, err
		}
		return map[string]any{"uint": uint(n), "uint8": uint8(n), "uint16": uint16(n), "uint32": uint32(n), "uint64": n}[name], nil
	case "float64", "float32":
		n, err := strconv.ParseFloat(text, 64)
		if err != nil && !math.IsInf(n, 0) {
			return nil, err
		}
		if name == "float32" {
			return float32(n), nil
		}
		return n, nil
	case "complex128":
		return strconv.ParseComplex(text, 128)
	case "b64", "bytes": // a string, a []byte
		raw, err := base64.StdEncoding.DecodeString(text)
		if name == "b64" {
			return string(raw), err
		}
		return raw, err
	case "nil":
		return map[string]any{
			"map": map[string]any(nil), "slice": []any(nil), "strings": []string(nil), "*int": (*int)(nil),
			"*message": (*api.Message)(nil), "bytes": []byte(nil),
		}[text], nil
	case "error":
		return errors.New(text), nil
	}
	return nil, fmt.Errorf("oracle: no type $%s", name)
}
