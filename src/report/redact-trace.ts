import { reveal, revealAll } from '../../parsers/text/placeholder.ts'
import type { Trace } from '../deployment/requests/trace.ts'
import type { Redactor } from '../secrets/redactor.ts'

/** A trace as it may leave the program: secrets are masked in the request, in every step and in its end. */
export function redactTrace({ request, steps, end }: Trace, redact: Redactor): Trace {
  return {
    request: { ...request, target: redact.message(request.target) },
    steps: steps.map(step => ({ ...step, text: redact.message(reveal(step.text)) })),
    end: redact.value(revealAll(end)),
  }
}
