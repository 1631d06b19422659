module sluice/interop

go 1.20
