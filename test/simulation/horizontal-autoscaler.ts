/** What the chart renders into a ScaledObject and its HPA; `autoscaling` of a pool, with the same defaults. */
export interface Autoscaling {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly callsPerReplica: number;
  readonly targetWaitMs: number;
  readonly scaleUp: { readonly percent: number; readonly pods: number };
  readonly scaleDown: { readonly stabilizationSeconds: number; readonly percent: number };
  readonly keda: {
    readonly pollingSeconds: number;
    readonly cooldownSeconds: number;
    readonly activation: number;
  };
}

/** How often the controller of Kubernetes looks (`--horizontal-pod-autoscaler-sync-period`). */
export const SYNC_SECONDS = 15;
/** So near to the target it leaves things as they are (`--horizontal-pod-autoscaler-tolerance`). */
const TOLERANCE = 0.1;
const SCALE_UP_PERIOD = 15;
const SCALE_DOWN_PERIOD = 60;

interface Dated {
  readonly second: number;
  readonly value: number;
}

/**
 * KEDA and the HPA that it makes, for one trigger of type `AverageValue`. KEDA switches between none and one at its own
 * polls; from one on the HPA asks KEDA at each sync, and holds to the limits of its `behavior`. Arithmetic of
 * `k8s.io/kubernetes/pkg/controller/podautoscaler` (`replica_calculator.go`, `horizontal.go`).
 */
export class HorizontalAutoscaler {
  readonly #settings: Autoscaling;
  /** Decisions of the past, in replicas added (or taken away), and what was recommended. */
  #changes: Dated[] = [];
  #recommended: Dated[] = [];
  #activeAt = 0;

  constructor(settings: Autoscaling) {
    this.#settings = settings;
  }

  /**
   * @param second since the start, whole
   * @param replicas what the Deployment asks for now
   * @returns what it should ask for
   */
  decide(second: number, replicas: number, demand: number): number {
    const { keda } = this.#settings;
    const polled = second % keda.pollingSeconds === 0 ? this.#activate(second, replicas, demand) : replicas;
    const wanted = polled > 0 && second % SYNC_SECONDS === 0 ? this.#sync(second, polled, demand) : polled;
    if (wanted === replicas) return wanted;
    this.#changes = [
      ...since(this.#changes, second - SCALE_DOWN_PERIOD),
      { second, value: wanted - replicas },
    ];
    return wanted;
  }

  /** KEDA's part: the first worker comes, and the last goes once nothing was to do for the cooldown. */
  #activate(second: number, replicas: number, demand: number): number {
    const { keda, minReplicas } = this.#settings;
    if (demand > keda.activation) {
      this.#activeAt = second;
      return Math.max(1, replicas);
    }
    const cold = second - this.#activeAt >= keda.cooldownSeconds;
    return minReplicas === 0 && cold ? 0 : replicas;
  }

  #sync(second: number, replicas: number, demand: number): number {
    const { minReplicas, maxReplicas, callsPerReplica, scaleDown } = this.#settings;
    const ratio = demand / (callsPerReplica * replicas);
    const raw = Math.abs(ratio - 1) <= TOLERANCE ? replicas : Math.ceil(demand / callsPerReplica);
    this.#recommended.push({ second, value: raw });
    this.#recommended = since(this.#recommended, second - scaleDown.stabilizationSeconds);
    const highest = Math.max(...this.#recommended.map(({ value }) => value));
    // Up at once; down only to what was enough all the time.
    const stable = raw >= replicas ? raw : Math.min(replicas, highest);
    const limited =
      stable > replicas ? this.#upTo(second, replicas, stable) : this.#downTo(second, replicas, stable);
    return Math.min(maxReplicas, Math.max(1, minReplicas, limited));
  }

  #upTo(second: number, replicas: number, wanted: number): number {
    const { percent, pods } = this.#settings.scaleUp;
    const began = this.#replicasAt(second - SCALE_UP_PERIOD, replicas);
    return Math.min(wanted, Math.max(replicas, began + pods, Math.ceil(began * (1 + percent / 100))));
  }

  #downTo(second: number, replicas: number, wanted: number): number {
    const { percent } = this.#settings.scaleDown;
    const began = this.#replicasAt(second - SCALE_DOWN_PERIOD, replicas);
    return Math.max(wanted, Math.min(replicas, Math.trunc(began * (1 - percent / 100))));
  }

  #replicasAt(second: number, now: number): number {
    return since(this.#changes, second).reduce((replicas, { value }) => replicas - value, now);
  }
}

function since(entries: readonly Dated[], second: number): Dated[] {
  return entries.filter((entry) => entry.second > second);
}
