import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { askNginx } from './ask-nginx.ts'
import { CASE_FILES, readCases } from './cases.ts'

for (const file of CASE_FILES) {
  test(`${file} holds what the installed nginx says`, () => {
    for (const { accepts, messages, ...asked } of readCases(file)) {
      const verdict = askNginx(asked)
      assert.is(verdict.accepts, accepts, `${asked.name}: ${verdict.messages.join('\n')}`)
      // Of warnings and of what comes after the first error later versions say more.
      const [first] = messages.filter(message => message.startsWith('[emerg]'))
      if (first !== undefined)
        assert.is(
          verdict.messages.find(message => message.startsWith('[emerg]')),
          first,
        )
    }
  })
}

test.run()
