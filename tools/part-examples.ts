import { readFile } from 'node:fs/promises'
import { relative, resolve } from 'node:path'
import type { Plugin } from 'esbuild'
import ts from 'typescript'
import type { FirstExamples } from '../src/cli/first-examples.ts'
import { loadRules } from './load-rules.ts'

/**
 * Rules as the bundle holds them: without examples, which the tests run and `explain` alone prints, and without
 * anything that builds them. A start then reads and evaluates none of their texts.
 */
export function partExamples(): Plugin {
  return {
    name: 'part-examples',
    async setup(build) {
      const modules = new Set((await loadRules()).map(({ path }) => path))
      // Texts that are made while such a module is loaded are wanted by examples alone.
      build.onResolve({ filter: /[\\/]_(?:[\w-]+-)?examples\.ts$/ }, ({ path, resolveDir }) => ({
        path: resolve(resolveDir, path),
        sideEffects: false,
      }))
      build.onLoad({ filter: /[\\/]rules[\\/][^\\/]+[\\/].*\.ts$/ }, async ({ path }) =>
        modules.has(relative(process.cwd(), path))
          ? { contents: withoutExamples(await readFile(path, 'utf8')), loader: 'ts' }
          : null,
      )
    },
  }
}

/** What the bundle has of the examples, by the rules' ids, in a file of its own. */
export async function firstExamples(): Promise<string> {
  const first: Record<string, FirstExamples> = {}
  for (const { rule } of await loadRules()) {
    const [bad] = rule.bad
    const [good] = rule.good
    first[rule.id] = { ...(bad !== undefined && { bad }), ...(good !== undefined && { good }) }
  }
  return JSON.stringify(first)
}

/** A rule's module with no examples, and what only they used to be left out. */
export function withoutExamples(text: string): string {
  const parsed = ts.createSourceFile('rule.ts', text, ts.ScriptTarget.Latest, false)
  const edits: Edit[] = []
  const empty = (node: ts.Node): void => {
    if (ts.isPropertyAssignment(node) && ['bad', 'good'].includes(node.name.getText(parsed)))
      edits.push({ node: node.initializer, write: () => '[]' })
    else ts.forEachChild(node, empty)
  }
  for (const statement of parsed.statements) {
    if (ts.isExportAssignment(statement)) empty(statement)
    else if (ts.isVariableStatement(statement)) {
      for (const { initializer } of statement.declarationList.declarations)
        if (initializer !== undefined && !ts.isArrowFunction(initializer))
          edits.push({ node: initializer, write: pure })
    }
  }
  return edits.reduceRight(
    (edited, { node, write }) =>
      `${edited.slice(0, node.getStart(parsed))}${write(node.getText(parsed))}${edited.slice(node.end)}`,
    text,
  )
}

interface Edit {
  readonly node: ts.Node
  write(text: string): string
}

/** esbuild drops a constant that nothing uses where it knows that making it does nothing else. */
function pure(expression: string): string {
  return `/* @__PURE__ */ (() => (${expression}))()`
}
