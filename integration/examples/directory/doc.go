// Command directory does the jobs that it finds as files in a directory: an example of the modules
// poller, slots, ratelimit and shutdown without Temporal.
//
// A job is a file that says how long it takes, such as "2s". The program promises:
//
//   - Each file is taken once, also when several of these programs watch the directory: whoever
//     makes the directory taken/<name> has the job.
//   - No more than -n jobs run at a time, and no more than -rate begin in a second.
//   - At Ctrl-C it takes no more, finishes what it has begun within -grace, and prints how that
//     went. What is not done by then, or at a second Ctrl-C, is cancelled and put back.
//   - A job that fails is moved to failed, others to done.
//
// Usage:
//
//	mkdir jobs && echo 3s > jobs/a && echo 5s > jobs/b
//	go run . -dir jobs -n 2 -rate 10
//
// It will not notice that a file is still being written (write it elsewhere, or under a name that
// begins with a dot, and rename it), look into subdirectories, or take again what a killed program
// left in taken.
package main
