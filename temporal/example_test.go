package temporal_test

import (
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"

	"github.com/mainspring-go/mainspring/temporal"
	"github.com/mainspring-go/mainspring/temporal/converter"
)

func ExampleNewNonRetryableApplicationError() {
	err := temporal.NewNonRetryableApplicationError("card refused", "CardRefused", nil, "order-7")

	// What crosses the wire, and what the other side sees.
	fc := temporal.GetDefaultFailureConverter()
	err = fc.FailureToError(fc.ErrorToFailure(err))

	var app *temporal.ApplicationError
	if errors.As(err, &app) && app.Type() == "CardRefused" {
		var orderID string
		if err := app.Details(&orderID); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(app.Message(), orderID)
	}
	fmt.Println(err)
	// Output:
	// card refused order-7
	// card refused (type: CardRefused, retryable: false)
}

func ExampleNewApplicationErrorWithOptions() {
	err := temporal.NewApplicationErrorWithOptions("rate limited", "RateLimited",
		temporal.ApplicationErrorOptions{
			NextRetryDelay: 30 * time.Second,
			Category:       temporal.ApplicationErrorCategoryBenign,
		})
	var app *temporal.ApplicationError
	fmt.Println(errors.As(err, &app), app.NextRetryDelay())
	// Output: true 30s
}

func ExampleNewDefaultFailureConverter() {
	// Messages and stack traces travel in payloads, where a codec can encrypt them.
	fc := temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{
		DataConverter: converter.NewCodecDataConverter(
			converter.GetDefaultDataConverter(),
			converter.NewZlibCodec(converter.ZlibCodecOptions{AlwaysEncode: true}),
		),
		EncodeCommonAttributes: true,
	})
	failure := fc.ErrorToFailure(errors.New("the secret"))
	fmt.Println(failure.GetMessage())
	fmt.Println(fc.FailureToError(failure))
	// Output:
	// Encoded failure
	// the secret
}

func ExampleNewActivityError() {
	err := temporal.NewActivityError(temporal.ActivityErrorAttributes{
		ActivityType:     "Charge",
		ScheduledEventID: 5,
		StartedEventID:   6,
		Identity:         "worker-1",
	}, temporal.NewTimeoutErrorWithOptions(enumspb.TIMEOUT_TYPE_START_TO_CLOSE,
		temporal.TimeoutErrorOptions{Message: "activity timeout"}))
	fmt.Println(err)
	fmt.Println(temporal.IsTimeoutError(err))
	// Output:
	// activity error (type: Charge, scheduledEventID: 5, startedEventID: 6, identity: worker-1): activity timeout (type: StartToClose)
	// true
}

func ExampleNewSearchAttributes() {
	customer := temporal.NewSearchAttributeKeyKeyword("Customer")
	total := temporal.NewSearchAttributeKeyFloat64("Total")
	sa := temporal.NewSearchAttributes(customer.ValueSet("c-1"), total.ValueSet(9.5))
	name, ok := sa.GetKeyword(customer)
	fmt.Println(name, ok, sa.Size())

	encoded, err := temporal.EncodeSearchAttributes(sa)
	if err != nil {
		fmt.Println(err)
		return
	}
	payload := encoded.GetIndexedFields()["Total"]
	fmt.Printf("%s %s\n", payload.GetMetadata()["type"], payload.GetData())
	// Output:
	// c-1 true 2
	// Double 9.5
}

func ExampleRetryPolicyToProto() {
	policy := temporal.RetryPolicyToProto(&temporal.RetryPolicy{
		InitialInterval:        time.Second,
		BackoffCoefficient:     2,
		NonRetryableErrorTypes: []string{"CardRefused"},
	})
	fmt.Println(policy.GetInitialInterval().AsDuration(), policy.GetNonRetryableErrorTypes())
	// Output: 1s [CardRefused]
}

func ExamplePriorityToProto() {
	fmt.Println(temporal.PriorityToProto(temporal.Priority{}) == nil)
	fmt.Println(temporal.PriorityToProto(temporal.Priority{PriorityKey: 1}).GetPriorityKey())
	// Output:
	// true
	// 1
}
