// Command broken does not compile, for the tests of the launcher.
package main

func main() { undefinedName() }
