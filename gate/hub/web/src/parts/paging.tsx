import { Button } from "@mantine/core";
import { useInfiniteQuery } from "@tanstack/react-query";

import { get, type Page } from "../api";
import { useWords } from "../words";

export interface Pages<T> {
  items: T[];
  empty: boolean;
  more: (() => void) | null;
  loading: boolean;
}

/** A list of the hub, page after page. */
export function usePages<T>(key: unknown[], path: string): Pages<T> {
  const query = useInfiniteQuery({
    queryKey: key,
    queryFn: ({ pageParam }) => get<Page<T>>(pageParam ? `${path}&after=${encodeURIComponent(pageParam)}` : path),
    initialPageParam: "",
    getNextPageParam: (last) => last.next ?? undefined,
  });
  const items = query.data?.pages.flatMap((p) => p.items) ?? [];
  return {
    items,
    empty: query.isSuccess && items.length === 0,
    more: query.hasNextPage ? () => void query.fetchNextPage() : null,
    loading: query.isFetchingNextPage,
  };
}

export function MoreButton({ pages }: { pages: Pages<unknown> }) {
  const { w } = useWords();
  if (!pages.more) return null;
  return (
    <Button variant="default" onClick={pages.more} loading={pages.loading}>
      {w("more")}
    </Button>
  );
}
