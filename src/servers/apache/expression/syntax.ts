/** A condition of httpd's expressions (`ap_expr`), as `<If>` and `RewriteCond expr` take it. */
export type Condition =
  | { readonly kind: 'constant'; readonly value: boolean }
  | { readonly kind: 'not'; readonly inner: Condition }
  | { readonly kind: 'and' | 'or'; readonly left: Condition; readonly right: Condition }
  /** `-f`, `-z`, `-R`… by its letter. */
  | { readonly kind: 'unary'; readonly operator: string; readonly operand: Text }
  /** `ipmatch`, `fnmatch`… */
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Text; readonly right: Text }
  | { readonly kind: 'compare'; readonly operator: Comparison; readonly left: Text; readonly right: Text }
  | {
      readonly kind: 'match'
      readonly negated: boolean
      readonly subject: Text
      readonly pattern: string
      readonly caseless: boolean
    }
  /** `values` is null where a function gives the list. */
  | { readonly kind: 'in'; readonly subject: Text; readonly values: readonly Text[] | null }

/** Of texts, and by their names of whole numbers. */
export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'eq' | 'ne' | 'lt' | 'le' | 'gt' | 'ge'

/** A text made of pieces. */
export type Text = readonly TextPart[]

export type TextPart =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'variable'; readonly name: string }
  | { readonly kind: 'function'; readonly name: string; readonly argument: Text }
  | { readonly kind: 'group'; readonly number: number }
