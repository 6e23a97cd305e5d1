import { enterNamespace } from './enter-namespace.ts'

enterNamespace(import.meta.url)

const [{ test }, { prove }, { cases }] = await Promise.all([
  import('uvu'),
  import('./prove.ts'),
  import('./cases/hardening.ts'),
])
prove(cases)
test.run()
