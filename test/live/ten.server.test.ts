import { enterNamespace } from './enter-namespace.ts'

enterNamespace(import.meta.url)

const [{ test }, { proveDeployments }, { cases }] = await Promise.all([
  import('uvu'),
  import('./prove.ts'),
  import('./cases/ten.ts'),
])
proveDeployments(cases)
test.run()
