package main

import (
	"context"
	"fmt"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"
)

// Shop has the activities.
type Shop struct{}

// Charge takes the money; the bank is asleep the first time.
func (*Shop) Charge(ctx context.Context, p Purchase) (string, error) {
	if p.Cents <= 0 {
		return "", temporal.NewNonRetryableApplicationError("nothing to charge", "CardRefused", nil)
	}
	if activity.GetInfo(ctx).Attempt == 1 {
		return "", temporal.NewApplicationError("the bank is asleep", "BankAsleep")
	}
	return fmt.Sprintf("%s: %d.%02d", p.ID, p.Cents/100, p.Cents%100), nil
}

// Pack is quick.
func (*Shop) Pack(context.Context) (string, error) { return "one parcel", nil }

// Ship is watched.
func (*Shop) Ship(ctx context.Context, address string) (string, error) {
	activity.GetLogger(ctx).Info("shipping", "Address", address)
	activity.RecordHeartbeat(ctx, "on the way")
	return "to " + address, nil
}
