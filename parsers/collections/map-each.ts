/** What is made of each item, when it is asked for. */
export function* mapEach<Item, Made>(items: Iterable<Item>, make: (item: Item) => Made): Generator<Made> {
  for (const item of items) yield make(item)
}
