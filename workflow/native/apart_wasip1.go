package native

// apart says that code of the user's runs on stacks of its own. A guest of a sandbox leaves nothing
// behind and starts all stacks as large as they need be, and to change them is dear there.
const apart = false
