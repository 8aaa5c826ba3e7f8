// Kubernetes' API server, controller manager and scheduler, and kine, as one process: what it is worth not to run them as four.
//
// Arguments: kine's flags, then "--", the API server's, "--", the controller manager's, "--", the scheduler's. Each component
// parses its own, is otherwise as its own program has it, and is started when what it needs is ready.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	kineapp "github.com/k3s-io/kine/pkg/app"
	"github.com/k3s-io/kine/pkg/endpoint"
	"github.com/spf13/pflag"
	utilfeature "k8s.io/apiserver/pkg/util/feature"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
	cliflag "k8s.io/component-base/cli/flag"
	logsapi "k8s.io/component-base/logs/api/v1"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	apiapp "k8s.io/kubernetes/cmd/kube-apiserver/app"
	apioptions "k8s.io/kubernetes/cmd/kube-apiserver/app/options"
	managerapp "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	manageroptions "k8s.io/kubernetes/cmd/kube-controller-manager/app/options"
	schedulerapp "k8s.io/kubernetes/cmd/kube-scheduler/app"
	scheduleroptions "k8s.io/kubernetes/cmd/kube-scheduler/app/options"
)

// The components, in the order of their arguments.
const (
	kine = iota
	apiServer
	controllerManager
	scheduler
	components
)

func main() {
	if len(os.Args) == 2 && os.Args[1] == "--version" {
		version()
		return
	}
	var arguments [components][]string
	of := 0
	for _, argument := range os.Args[1:] {
		if argument == "--" && of < components-1 {
			of++
			continue
		}
		arguments[of] = append(arguments[of], argument)
	}
	// One handler for all: each component's own command would install one, and a second is a panic.
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	run(ctx, arguments)
}

func run(ctx context.Context, arguments [components][]string) {
	rest.SetDefaultWarningHandler(rest.NoWarnings{})
	api := apioptions.NewServerRunOptions()
	parse("kube-apiserver", api.Flags(), arguments[apiServer])
	manager, err := manageroptions.NewKubeControllerManagerOptions()
	check("kube-controller-manager", err)
	known, disabled, aliases := managerapp.KnownControllers(), managerapp.ControllersDisabledByDefault(), managerapp.ControllerAliases()
	flags := manager.Flags(known, disabled, aliases)
	manager.ParsedFlags = &flags
	parse("kube-controller-manager", flags, arguments[controllerManager])
	schedule := scheduleroptions.NewOptions()
	parse("kube-scheduler", *schedule.Flags, arguments[scheduler])
	// Once for all, since they have one set of gates and one logger.
	check("feature gates", api.GenericServerRunOptions.ComponentGlobalsRegistry.Set())
	check("logs", logsapi.ValidateAndApply(api.Logs, utilfeature.DefaultFeatureGate))

	store := kineapp.Config(arguments[kine])
	store.WaitGroup = &sync.WaitGroup{}
	listening, err := endpoint.Listen(ctx, store)
	check("kine", err)
	api.Etcd.StorageConfig.Transport.ServerList = listening.Endpoints

	ended := make(chan error, components)
	completed, err := api.Complete(ctx)
	check("kube-apiserver", err)
	for _, wrong := range completed.Validate() {
		check("kube-apiserver", wrong)
	}
	go func() { ended <- named("kube-apiserver", apiapp.Run(ctx, completed)) }()
	go func() {
		check("kube-apiserver", waitForServer(ctx, manager.Generic.ClientConnection.Kubeconfig))
		go func() {
			config, err := manager.Config(ctx, known, disabled, aliases)
			check("kube-controller-manager", err)
			ended <- named("kube-controller-manager", managerapp.Run(ctx, config.Complete()))
		}()
		name, err := cache.NewInformerName("kube-scheduler")
		check("kube-scheduler", err)
		schedule.InformerName = name
		config, scheduling, err := schedulerapp.Setup(ctx, schedule)
		check("kube-scheduler", err)
		ended <- named("kube-scheduler", schedulerapp.Run(ctx, config, scheduling))
	}()

	err = <-ended
	if ctx.Err() == nil {
		check("a component ended", err)
		os.Exit(1)
	}
	store.WaitGroup.Wait()
}

// waitForServer returns when the API server says that it is ready, to whom the controller manager is.
func waitForServer(ctx context.Context, kubeconfig string) error {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	client, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return err
	}
	for {
		if client.RESTClient().Get().AbsPath("/readyz").Do(ctx).Error() == nil || ctx.Err() != nil {
			return nil
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func parse(name string, sets cliflag.NamedFlagSets, arguments []string) {
	flags := pflag.NewFlagSet(name, pflag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.SetNormalizeFunc(cliflag.WordSepNormalizeFunc)
	for _, set := range sets.FlagSets {
		flags.AddFlagSet(set)
	}
	check(name, flags.Parse(arguments))
}

// named says whose end it was.
func named(component string, err error) error {
	if err == nil {
		err = errors.New("it ended without an error")
	}
	return fmt.Errorf("%s: %w", component, err)
}

func check(what string, err error) {
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", what, err)
		os.Exit(1)
	}
}

// version says of which modules this was built.
func version() {
	build, ok := debug.ReadBuildInfo()
	if !ok {
		check("version", fmt.Errorf("this was not built of modules"))
	}
	for _, module := range build.Deps {
		switch module.Path {
		case "k8s.io/kubernetes":
			fmt.Println("Kubernetes", module.Version)
		case "github.com/k3s-io/kine":
			fmt.Println("kine", module.Version)
		}
	}
}
