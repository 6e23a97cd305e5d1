import { enterNamespace } from './enter-namespace.ts'

enterNamespace(import.meta.url)

const { test } = await import('uvu')
const assert: typeof import('uvu/assert') = await import('uvu/assert')
const { understand } = await import('../../src/understand/understand.ts')
const { DEFAULT_SITE_FACTS } = await import('../../src/deployment/site-facts.ts')
const { traceRequest } = await import('../../src/deployment/requests/trace-request.ts')
const { discover } = await import('../../src/files/discover.ts')
const { generateDeployment } = await import('./generate-deployment.ts')
const { startStack } = await import('./stack.ts')
const { EMPTY_ENVIRONMENT } = await import('../../src/servers/apache/environment.ts')

type End = ReturnType<typeof traceRequest>['end']
type Response = Awaited<ReturnType<Awaited<ReturnType<typeof startStack>>['request']>>

/** Null where the running servers answered as the trace says. */
function difference(end: End, response: Response): string | null {
  const seen = `${response.failure ?? response.status} ${response.headers.location ?? ''} ${response.body.slice(0, 90)}`
  const same = (is: boolean) => (is ? null : `the servers: ${seen}`)
  switch (end.kind) {
    case 'status':
      return same(response.status === end.status)
    case 'redirect':
      return same(response.status === end.status && response.headers.location === end.location)
    case 'loop':
      return same(response.status >= 300 && response.status < 400)
    case 'file':
      return same(response.status === 200 && response.body === `FILE ${end.path}`)
    case 'application':
      return same(
        response.report !== null &&
          response.report.script === end.script &&
          (end.scheme === null || response.report.scheme === end.scheme) &&
          (end.processGroup === null || response.report.process_group === end.processGroup),
      )
    case 'refused':
      return same(response.failure !== null || response.status === 0)
    default:
      return null
  }
}

const DEPLOYMENTS = 24
const settings = {
  toolVersion: '0',
  rules: [],
  facts: DEFAULT_SITE_FACTS,
  versions: {},
  includeMap: [],
  environment: () => EMPTY_ENVIRONMENT,
}

test('a trace ends where the running servers end', async () => {
  const differences: string[] = []
  let asked = 0
  let unknown = 0
  const schemes = { http: 0, https: 0 }
  for (let seed = 1; seed <= DEPLOYMENTS; seed++) {
    const { files, urls } = generateDeployment(seed)
    const stack = await startStack({ files })
    try {
      assert.equal(stack.refused, { nginx: null, apache: null }, `deployment ${seed}`)
      const [machine] = discover(['/etc'], { workingDirectory: '/' })
      const deployment = machine && understand(machine, settings).deployments[0]
      if (deployment === undefined) throw new Error('nothing was understood')
      for (const url of urls) {
        const [, scheme, name = '', target = '/'] = /^(https?):\/\/([^/]+)(.*)$/.exec(url) ?? []
        const port = scheme === 'https' ? 443 : 80
        const { end, steps } = traceRequest(deployment, {
          scheme: scheme === 'https' ? 'https' : 'http',
          host: name,
          port,
          target,
          method: 'GET',
        })
        asked++
        if (end.kind === 'unknown' || end.kind === 'backend') {
          unknown++
          continue
        }
        if (end.kind === 'application' && end.scheme !== null) schemes[end.scheme]++
        const found = difference(end, await stack.request({ url }))
        if (found !== null) {
          const way = steps.map(({ text }) => text).join('; ')
          differences.push(
            `deployment ${seed}, ${url}\n  trace: ${JSON.stringify(end)}\n  ${found}\n  ${way}`,
          )
        }
      }
    } finally {
      await stack.stop()
    }
  }
  assert.is(
    differences.length,
    0,
    `${differences.length} of ${asked}:\n${differences.slice(0, 12).join('\n')}`,
  )
  assert.ok(asked >= 300, `only ${asked} were asked`)
  assert.ok(schemes.http >= 50 && schemes.https >= 10, JSON.stringify(schemes))
  assert.ok(unknown <= asked / 20, `${unknown} of ${asked} are unknown`)
})

test.run()
