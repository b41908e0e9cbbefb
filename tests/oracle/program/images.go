//go:build server && !native

package main

import "github.com/ollama/ollama/llm"

type media = llm.ImageData
