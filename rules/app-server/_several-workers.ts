import { placeText } from '../../parsers/text/source.ts'
import type { AppServerProgram } from '../../src/deployment/model.ts'

/** True where an application server surely has more than one process that answers. */
export function hasSeveralWorkers({ server, environment }: AppServerProgram): boolean {
  const { workers, program } = server
  if (workers !== null)
    return workers.known ? workers.value > 1 : workers.at !== null && MULTIPLE.test(placeText(workers.at))
  const fact = program === 'gunicorn' || program === 'uvicorn' ? environment('WEB_CONCURRENCY') : null
  return fact?.known === true && Number(fact.value) > 1
}

/** `multiprocessing.cpu_count() * 2 + 1`, which is three at least. */
const MULTIPLE =
  /^(?:workers\s*=\s*)?\(?(?:\w+\.)?cpu_count\(\)\s*\*\s*[2-9]|^(?:workers\s*=\s*)?\(?[2-9]\s*\*\s*(?:\w+\.)?cpu_count\(\)/
