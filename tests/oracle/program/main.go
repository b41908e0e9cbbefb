// The judge: Ollama's own packages, asked over JSON lines.
//
// Every line of standard input is a request {"op": ..., ...}; every line of standard output is its
// answer. An answer has "ok"; a refusal is {"ok": false, "error": ...}, a crash also has
// "panic": true. Bytes that JSON cannot carry travel as base64 in a field with the suffix "_b64".
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"unicode/utf8"
)

type answer map[string]any

type operation func(raw json.RawMessage) (answer, error)

var operations = map[string]operation{}

func main() {
	slog.SetDefault(slog.New(slog.NewTextHandler(io.Discard, nil)))
	// Some of Ollama's functions print to standard output, which is the answers' own channel.
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	os.Stdout = os.Stderr
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 0 {
			reply, _ := json.Marshal(answerTo(line))
			out.Write(reply)
			out.WriteByte('\n')
			out.Flush()
		}
		if err != nil {
			out.Flush()
			return
		}
	}
}

func answerTo(line []byte) (a answer) {
	defer func() {
		if r := recover(); r != nil {
			a = answer{"ok": false, "panic": true, "error": fmt.Sprint(r)}
		}
	}()
	var head struct {
		Op string `json:"op"`
	}
	if err := json.Unmarshal(line, &head); err != nil {
		return answer{"ok": false, "protocol": true, "error": err.Error()}
	}
	op, known := operations[head.Op]
	if !known {
		return answer{"ok": false, "protocol": true, "error": "no operation " + head.Op + " at this version"}
	}
	a, err := op(line)
	if a == nil {
		a = answer{}
	}
	if err != nil {
		a.text("error", err.Error())
		a["ok"] = false
		return a
	}
	a["ok"] = true
	return a
}

// text puts a string into the answer, as base64 where it is not UTF-8.
func (a answer) text(name, value string) {
	if utf8.ValidString(value) {
		a[name] = value
	} else {
		a[name+"_b64"] = base64.StdEncoding.EncodeToString([]byte(value))
	}
}

// text is a string of a request: "x", or base64 in "x_b64".
func text(plain string, b64 []byte) string {
	if b64 != nil {
		return string(b64)
	}
	return plain
}
