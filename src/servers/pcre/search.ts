import { type Machine, matchAt } from './run.ts'
import type { SearchPlan } from './search-plan.ts'

/**
 * The first match in a subject: its end, with its groups in the machine's registers; -1 where there is none, -2
 * where the steps reached the limit. The machine's `steps` say how many were taken.
 */
export function search(machine: Machine, plan: SearchPlan, subject: string, limit: number): number {
  const { begins, prefix, first } = plan
  machine.steps = 0
  for (let place = 0; place <= subject.length; place++) {
    if (prefix !== '' && begins === 'anywhere') {
      place = subject.indexOf(prefix, place)
      if (place === -1) return -1
    } else if (first !== null) {
      if (begins === 'anywhere') {
        while (place < subject.length && first[subject.charCodeAt(place)] === 0) place++
      }
      if (place >= subject.length || first[subject.charCodeAt(place)] === 0) return -1
    }
    const end = matchAt(machine, subject, place, limit)
    if (end !== -1 || begins === 'start') return end
    if (begins === 'lines') {
      place = subject.indexOf('\n', place)
      if (place === -1) return -1
    }
  }
  return -1
}
