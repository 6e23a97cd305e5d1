import type { Example } from '../../src/engine/rule.ts'
import type { LiveRequest, LiveResponse } from './request.ts'
import type { Stack } from './stack.ts'

/** What running servers answered on one example. */
export interface LiveAnswer {
  readonly refused: Stack['refused']
  readonly response: LiveResponse
  readonly log: string
  /** The same log as it is now, for what a server writes after its answer or tries more than once. */
  logNow(): string
  /** Sends another request to the same running servers. */
  request(request: LiveRequest): Promise<LiveResponse>
}

/** What is asked of the running servers, and how harm is told from a sound answer. */
export interface LiveQuestion {
  /** What is seen on the running servers, in a sentence. */
  readonly shows: string
  /** Names that /etc/hosts maps. */
  readonly hosts?: Readonly<Record<string, string>>
  /** Files beside the example's own, such as the application or a static page. */
  readonly files?: Readonly<Record<string, string>>
  /** Times and sizes of the examples written smaller, so that nobody waits for them: text to text. */
  readonly smaller?: Readonly<Record<string, string>>
  /** Ports of loopback on which a backend answers that reports what it was sent. */
  readonly mirrors?: readonly number[]
  readonly request: LiveRequest
  /** True where the answer shows the harm. */
  readonly harm: (answer: LiveAnswer) => boolean | Promise<boolean>
  /** True where the answer is as its owner wants it; no harm where absent. */
  readonly sound?: (answer: LiveAnswer) => boolean | Promise<boolean>
}

/**
 * The proof of a rule: one request to its own bad example and to its own good one, and what each shows.
 * The text of the examples is the rule's, so that documentation, test and proof cannot drift apart.
 */
export interface LiveCase extends LiveQuestion {
  readonly rule: string
  /** Which of the rule's examples, by their titles: one put before them must not become what is proven. */
  readonly examples: { readonly bad: string; readonly good: string }
}

/** The proof of a deployment of `test/corpus/ten`: as it stands in `broken`, and with the files of `repaired`. */
export interface DeploymentCase extends LiveQuestion {
  readonly deployment: string
}

/** The example that a case means. */
export function exampleOf(examples: readonly Example[], title: string): Example | undefined {
  return examples.find(each => each.title === title)
}
