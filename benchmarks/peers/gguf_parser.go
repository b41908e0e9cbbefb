// Prints gguf-parser-go's estimate of a GGUF as JSON: gguf_parser FILE CONTEXT CACHE FLASH SLOTS
package main

import (
	"encoding/json"
	"os"
	"strconv"

	parser "github.com/gpustack/gguf-parser-go"
)

func number(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		panic(err)
	}
	return n
}

func main() {
	file, err := parser.ParseGGUFFile(os.Args[1], parser.UseMMap(), parser.SkipLargeMetadata())
	if err != nil {
		panic(err)
	}
	kind := map[string]parser.GGMLType{"f16": parser.GGMLTypeF16, "q8_0": parser.GGMLTypeQ8_0}[os.Args[3]]
	slots := number(os.Args[5])
	options := []parser.GGUFRunEstimateOption{
		parser.WithLLaMACppContextSize(int32(number(os.Args[2]) * slots)),
		parser.WithParallelSize(int32(slots)),
		parser.WithLLaMACppLogicalBatchSize(512),
		parser.WithLLaMACppPhysicalBatchSize(512),
		parser.WithLLaMACppCacheKeyType(kind),
		parser.WithLLaMACppCacheValueType(kind),
		parser.WithLLaMACppOffloadLayers(0),
	}
	if os.Args[4] == "on" {
		options = append(options, parser.WithFlashAttention())
	}
	cpu := file.EstimateLLaMACppRun(options...).Devices[0]
	weights := cpu.Weight.Input + cpu.Weight.Compute + cpu.Weight.ComputeOverridden + cpu.Weight.Output
	compute := cpu.Computation.Input + cpu.Computation.Compute + cpu.Computation.Output
	json.NewEncoder(os.Stdout).Encode(map[string]uint64{
		"weights": uint64(weights),
		"cache":   uint64(cpu.KVCache.Key + cpu.KVCache.Value),
		"compute": uint64(compute),
	})
}
