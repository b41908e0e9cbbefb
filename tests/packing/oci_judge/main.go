// The judge of OCI layouts: ModelPack's own validator and that of OCI's image specification.
// Argument: the folder of a layout. Prints what is wrong, a line each; exit code 0 where nothing is.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	model "github.com/modelpack/model-spec/schema"
	modelpack "github.com/modelpack/model-spec/specs-go/v1"
	"github.com/opencontainers/go-digest"
	image "github.com/opencontainers/image-spec/schema"
	oci "github.com/opencontainers/image-spec/specs-go/v1"
)

var wrong int

func say(format string, values ...any) {
	wrong++
	fmt.Printf(format+"\n", values...)
}

func read(folder, name string) []byte {
	data, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		say("%v", err)
	}
	return data
}

// blob reads what a descriptor names, and holds its digest and size to it.
func blob(folder string, d oci.Descriptor) []byte {
	if err := d.Digest.Validate(); err != nil {
		say("digest %q: %v", d.Digest, err)
		return nil
	}
	data := read(folder, filepath.Join("blobs", d.Digest.Algorithm().String(), d.Digest.Encoded()))
	if digest.FromBytes(data) != d.Digest || int64(len(data)) != d.Size {
		say("%s: other contents than its digest and size say", d.Digest)
	}
	return data
}

func check(what string, data []byte, validate func(*bytes.Reader) error) {
	if err := validate(bytes.NewReader(data)); err != nil {
		say("%s: %v", what, err)
	}
}

func main() {
	folder := os.Args[1]
	check("oci-layout", read(folder, "oci-layout"), func(r *bytes.Reader) error {
		return image.ValidatorMediaTypeLayoutHeader.Validate(r)
	})
	indexData := read(folder, "index.json")
	check("index", indexData, func(r *bytes.Reader) error { return image.ValidatorMediaTypeImageIndex.Validate(r) })
	var index oci.Index
	if err := json.Unmarshal(indexData, &index); err != nil {
		say("index: %v", err)
	}
	known := map[string]bool{
		modelpack.MediaTypeModelWeightRaw:       true,
		modelpack.MediaTypeModelWeightConfigRaw: true,
		modelpack.MediaTypeModelDocRaw:          true,
	}
	for _, entry := range index.Manifests {
		data := blob(folder, entry)
		check("manifest", data, func(r *bytes.Reader) error { return image.ValidatorMediaTypeManifest.Validate(r) })
		var manifest oci.Manifest
		if err := json.Unmarshal(data, &manifest); err != nil {
			say("manifest: %v", err)
		}
		if manifest.ArtifactType != modelpack.ArtifactTypeModelManifest {
			say("artifact type %q", manifest.ArtifactType)
		}
		if manifest.Config.MediaType != modelpack.MediaTypeModelConfig {
			say("config of type %q", manifest.Config.MediaType)
		}
		config := blob(folder, manifest.Config)
		check("config", config, func(r *bytes.Reader) error { return model.ValidatorMediaTypeModelConfig.Validate(r) })
		var about modelpack.Model
		strict := json.NewDecoder(bytes.NewReader(config))
		strict.DisallowUnknownFields()
		if err := strict.Decode(&about); err != nil {
			say("config: %v", err)
		}
		if len(about.ModelFS.DiffIDs) != len(manifest.Layers) {
			say("%d layers, %d diffIds", len(manifest.Layers), len(about.ModelFS.DiffIDs))
			continue
		}
		for n, layer := range manifest.Layers {
			blob(folder, layer)
			if !known[layer.MediaType] {
				say("layer of type %q", layer.MediaType)
			}
			if layer.Annotations[modelpack.AnnotationFilepath] == "" {
				say("a layer without a path")
			}
			if about.ModelFS.DiffIDs[n] != layer.Digest {
				say("diffIds are not those of the layers")
			}
		}
	}
	if wrong > 0 {
		os.Exit(1)
	}
}
