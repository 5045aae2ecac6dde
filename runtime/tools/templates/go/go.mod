module handler

go 1.27

require framebox v0.1.0

require go.bytecodealliance.org/pkg v0.4.0 // indirect

replace (
	framebox => ./framebox
	go.bytecodealliance.org/pkg => ./framebox/pkg
)
